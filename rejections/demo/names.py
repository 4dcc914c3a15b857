"""People's names in many languages and scripts, each with how it is written in an e-mail address. Pure.

`Jürgen=juergen` is the name and its plain form; a name of plain letters stands alone. `_` is a space.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """First and last names of one language: (as written, in plain letters)."""

    first: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str], ...]


_TEXTS = {
    "en": (
        "Oliver Amelia George Isla Harry Ava Jack Freya Alfie Poppy Charlie Evie Thomas Grace Oscar Florence Leo "
        "Willow Arthur Phoebe Henry Matilda Edward Harriet Samuel Beth Daniel Rosie Callum Niamh=niamh "
        "Siân=sian Chloë=chloe Zoë=zoe Seán=sean",
        "Smith Jones Taylor Brown Wilson Evans Thomas Roberts Walker Wright Robinson Hughes Edwards Green Hall "
        "Clarke Jackson Wood Turner Cooper Ward Morris Bell Baker Carter Fletcher Ashworth Braithwaite "
        "O'Connor=oconnor O’Neill=oneill Smith-Jones=smith-jones St._John=stjohn MacDonald=macdonald "
        "Llewellyn Featherstone",
    ),
    "us": (
        "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Tyrone Keisha "
        "Brandon Ashley Joshua Brittany Ethan Madison José=jose Guadalupe Tenzin Malia DeShawn=deshawn Nia",
        "Johnson Williams Davis Miller Garcia Rodríguez=rodriguez Martinez Hernández=hernandez Lopez Gonzales "
        "Anderson Jackson Thompson White Harris Nguyen Kim Kealoha Begaye Washington Jefferson McAllister "
        "O'Brien=obrien Kowalski Goldberg Patel",
    ),
    "de": (
        "Jürgen=juergen Käthe=kaethe Björn=bjoern Anke Uwe Sabine Günther=guenther Heike Matthias Birgit "
        "Jörg=joerg Ulrike Tobias Katharina Lukas Leonie Maximilian Änne=aenne Hans-Peter=hans-peter Silke",
        "Müller=mueller Groß=gross Weiß=weiss Schröder=schroeder Jäger=jaeger Köhler=koehler Schäfer=schaefer "
        "Böhm=boehm Krüger=krueger Fuchs Weber Schneider Hoffmann Lange Vogel Straßburger=strassburger "
        "von_der_Heide=vonderheide Öztürk=oeztuerk Zimmermann",
    ),
    "fr": (
        "Amélie=amelie Étienne=etienne Chloé=chloe François=francois Hélène=helene Loïc=loic Noémie=noemie "
        "Jérôme=jerome Maëlys=maelys Benoît=benoit Océane=oceane Camille Anaïs=anais Rémi=remi Jean-Luc=jean-luc",
        "Dubois Lefèvre=lefevre Garnier Béranger=beranger D'Arcy=darcy L'Hôpital=lhopital Gaël=gael Fournier "
        "Hérault=herault Châtelain=chatelain Roussel Mallarmé=mallarme Le_Goff=legoff Bœuf=boeuf",
    ),
    "es": (
        "Lucía=lucia Íñigo=inigo Begoña=begona Andrés=andres María_José=mariajose Joaquín=joaquin Nuria Raúl=raul "
        "Ángela=angela Óscar=oscar Inés=ines Martín=martin",
        "Ferrer Muñoz=munoz Peña=pena García_López=garcialopez Ibáñez=ibanez Núñez=nunez Zubizarreta Castaño=castano "
        "Domínguez=dominguez Güell=guell Vázquez=vazquez",
    ),
    "it": (
        "Niccolò=niccolo Giulia Lorenzo Chiara Matteo Noè=noe Francesca Desirée=desiree Salvatore Beatrice",
        "Rossi Esposito D'Angelo=dangelo Dell'Acqua=dellacqua Cantù=cantu Forlì=forli Bianchi Lo_Presti=lopresti",
    ),
    "pt": (
        "João=joao Inês=ines Gonçalo=goncalo Mateus Conceição=conceicao Thaís=thais Luís=luis Antônio=antonio",
        "Carvalho Gonçalves=goncalves Magalhães=magalhaes Simões=simoes Araújo=araujo da_Conceição=daconceicao "
        "Lourenço=lourenco Guimarães=guimaraes",
    ),
    "pl": (
        "Łukasz=lukasz Małgorzata=malgorzata Wojciech Zofia Paweł=pawel Agnieszka Grzegorz Żaneta=zaneta Michał=michal",
        "Wiśniewski=wisniewski Wójcik=wojcik Kamiński=kaminski Dąbrowska=dabrowska Źródłowski=zrodlowski "
        "Błaszczyk=blaszczyk Szczęsny=szczesny Żukowska=zukowska",
    ),
    "cs": (
        "Jiří=jiri Žofie=zofie Ondřej=ondrej Šárka=sarka Tomáš=tomas Eliška=eliska",
        "Novák=novak Dvořáková=dvorakova Černý=cerny Růžička=ruzicka Šťastný=stastny Kříž=kriz",
    ),
    "hu": (
        "Zoltán=zoltan Zsófia=zsofia Gergő=gergo Réka=reka Győző=gyozo Emőke=emoke",
        "Szabó=szabo Kovács=kovacs Erdős=erdos Tóth=toth Szűcs=szucs Gyöngyösi=gyongyosi",
    ),
    "ro": (
        "Ștefan=stefan Ioana Răzvan=razvan Mădălina=madalina Costică=costica Anca",
        "Ionescu Popa Țurcanu=turcanu Brâncuși=brancusi Șerban=serban Văduva=vaduva",
    ),
    "tr": (
        "Çağla=cagla Işıl=isil Gökhan=gokhan Şebnem=sebnem İbrahim=ibrahim Özgür=ozgur Ayşegül=aysegul Tuğba=tugba",
        "Yıldırım=yildirim Şahin=sahin Öztürk=ozturk Çelik=celik Güneş=gunes Kılıç=kilic Aydın=aydin",
    ),
    "nordic": (
        "Björn=bjorn Åsa=asa Søren=soren Þóra=thora Mæhle=maehle Øyvind=oyvind Päivi=paivi Jörgen=jorgen Signe",
        "Åkesson=akesson Ødegård=odegaard Sørensen=sorensen Guðmundsdóttir=gudmundsdottir Hämäläinen=hamalainen "
        "Bjørnsen=bjornsen Lindqvist",
    ),
    "nl": (
        "Daniël=daniel Fleur Joost Noëlle=noelle Sjoerd Maartje Zoë=zoe",
        "van_'t_Hoff=vanthoff de_Vries=devries IJsselstein=ijsselstein van_den_Berg=vandenberg Coëns=coens "
        "ter_Braak=terbraak",
    ),
    "vi": (
        "Nguyệt=nguyet Đức=duc Hạnh=hanh Tuấn=tuan Thảo=thao Bảo=bao",
        "Nguyễn=nguyen Trần=tran Đặng=dang Phạm=pham Võ=vo Huỳnh=huynh",
    ),
    "el": (
        "Γιώργος=giorgos Ελένη=eleni Νίκος=nikos Αικατερίνη=aikaterini Σωτήρης=sotiris Χρυσούλα=chrysoula",
        "Παπαδόπουλος=papadopoulos Οικονόμου=oikonomou Δημητρίου=dimitriou Χατζής=chatzis Βασιλείου=vasileiou",
    ),
    "uk": (
        "Тарас=taras Оксана=oksana Євген=yevhen Юлія=yuliia Їжак=yizhak Григорій=hryhorii Соломія=solomiia",
        "Шевченко=shevchenko Ковальчук=kovalchuk Мельник=melnyk Щербань=shcherban Лук'яненко=lukianenko Ґава=gava",
    ),
    "bg": (
        "Йордан=yordan Цветелина=tsvetelina Любомир=lyubomir Жасмина=zhasmina",
        "Димитров=dimitrov Стоянова=stoyanova Цанков=tsankov Йовчева=yovcheva",
    ),
    "ar": (
        "محمد=mohammed فاطمة=fatima أحمد=ahmed نور=nour يوسف=youssef ليلى=layla عبد_الله=abdullah هدى=huda",
        "الخطيب=alkhatib حسين=hussein المصري=almasri عبد_الرحمن=abdelrahman النجار=alnajjar صالح=saleh",
    ),
    "he": (
        "נועה=noa איתי=itay יעל=yael אורי=uri שירה=shira",
        "כהן=cohen לוי=levi מזרחי=mizrahi פרידמן=friedman בן-דוד=ben-david",
    ),
    "hi": (
        "प्रिया=priya अर्जुन=arjun लक्ष्मी=lakshmi विक्रम=vikram अनन्या=ananya कृष्ण=krishna",
        "शर्मा=sharma सिंह=singh पटेल=patel द्विवेदी=dwivedi अय्यर=iyer चतुर्वेदी=chaturvedi",
    ),
    "th": (
        "สมชาย=somchai พรทิพย์=pornthip กัญญา=kanya ธนากร=thanakorn",
        "แซ่ตั้ง=saetang ศรีสุข=srisuk ทองดี=thongdee วงศ์สวัสดิ์=wongsawat",
    ),
    "zh": (
        "伟=wei 秀英=xiuying 子涵=zihan 浩宇=haoyu 思雨=siyu 建国=jianguo 雪梅=xuemei",
        "王=wang 李=li 张=zhang 陈=chen 欧阳=ouyang 刘=liu 司马=sima",
    ),
    "ko": (
        "민준=minjun 서연=seoyeon 도윤=doyun 하은=haeun 지호=jiho",
        "김=kim 이=lee 박=park 최=choi 정=jung 남궁=namgung",
    ),
    "ja": (
        "美咲=misaki 大輔=daisuke さくら=sakura 健太=kenta 陽菜=hina 翔太=shota 結衣=yui 蓮=ren "
        "直美=naomi ケンジ=kenji かおり=kaori 拓海=takumi",
        "佐藤=sato 鈴木=suzuki 高橋=takahashi 髙﨑=takasaki 渡邊=watanabe 伊藤=ito "
        "山本=yamamoto 𠮷田=yoshida 斎藤=saito 長谷川=hasegawa 小林=kobayashi 北浜=kitahama 森=mori",
    ),
    "yo": (
        "Adébáyọ̀=adebayo Olúwaṣeun=oluwaseun Ngọzi=ngozi Chinedu Ẹniọlá=eniola Tèmítọ́pẹ́=temitope",
        "Okonkwo Adéyẹmí=adeyemi Ọlátúnjí=olatunji Nwosu Àjàyí=ajayi",
    ),
}


def _names(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (word.partition("=") for word in text.split())
    return tuple((name.replace("_", " "), plain or name.lower()) for name, _, plain in pairs)


#: Names by language.
NAMES: dict[str, Names] = {
    language: Names(_names(first), _names(last)) for language, (first, last) in _TEXTS.items()
}
